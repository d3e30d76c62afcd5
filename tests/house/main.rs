//! House rules as tests: the shape of the repository and the direction of its dependencies.
fn main() {}
