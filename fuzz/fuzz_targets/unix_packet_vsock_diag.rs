//! libFuzzer's entry to [`portreeve_fuzz::unix_packet_vsock_diag`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::unix_packet_vsock_diag::run(data));
