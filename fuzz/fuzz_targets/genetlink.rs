//! libFuzzer's entry to [`portreeve_fuzz::genetlink`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::genetlink::run(data));
