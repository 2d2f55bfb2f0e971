//! Nine attempts at a short cut, and the compiler's answer to each.

#[test]
fn a_wrong_order_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/seal/*.rs");
}
