/// `unroll!(for i in 0..N { .. })` repeats the body for each `i`. N is at most [`MAX_BLOCKS`].
///
/// The arrays in these loops live in registers, which cannot be indexed at run time. The compiler
/// keeps an element in a register only if its index is a constant.
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
