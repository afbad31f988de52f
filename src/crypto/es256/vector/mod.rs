//! The verification with vectors: one signature, whose additions are spread over eight lanes, or
//! eight signatures, one in each lane.

mod arithmetic;
mod row;
mod sum;
pub(super) mod verify;

#[cfg(test)]
mod tests;
