//! libFuzzer's entry to [`portreeve_fuzz::answers`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::answers::run(data));
