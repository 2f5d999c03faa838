//! libFuzzer's entry to [`portreeve_fuzz::bytecode`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::bytecode::run(data));
