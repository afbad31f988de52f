/// `unroll!(for i in 0..N { .. })` writes the body out for every i, of which there are at most
/// [`MAX_BLOCKS`].
///
/// The arrays that such loops run over live in registers, which have no run-time index: the
/// compiler has to see each element by itself before it can keep it in one.
///
/// [`MAX_BLOCKS`]: super::limbs::MAX_BLOCKS
macro_rules! unroll {
    (for $i:ident in $from:tt..$to:tt $body:block) => {
        unroll!(@ $i $from $to $body 0 1 2 3 4 5 6 7 8 9)
    };
    (@ $i:ident $from:tt $to:tt $body:block $($value:literal)*) => {
        $({
            let $i: usize = $value;
            if ($from..$to).contains(&$i) $body
        })*
    };
}
