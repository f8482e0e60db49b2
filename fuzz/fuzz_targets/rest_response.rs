//! The response of a server: its status in the first two bytes, then its body.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (status, body) = match data {
        // A corpus file that is plain JSON is a successful response.
        [b'{' | b'[', ..] => (200, data),
        [high, low, body @ ..] => (u16::from_be_bytes([*high, *low]) % 600, body),
        _ => return,
    };
    frontrunner::store::rest::fuzzing::read_response(status, body);
});
