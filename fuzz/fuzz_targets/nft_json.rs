//! libFuzzer's entry to [`portreeve_fuzz::nft_json`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::nft_json::run(data));
