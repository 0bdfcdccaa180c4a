//! Any bytes are read as a trace or refused; and what strict reading accepts, lenient reading gives
//! just so.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qiangdan_sim::trace::{Columns, Reading, Sidecar, Strictness, Trace};

fuzz_target!(|bytes: &[u8]| {
    // The first line that is `{` to `}` is the sidecar, if it can be one.
    let (sidecar, text) = match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) if bytes[0] == b'{' => (&bytes[..end], &bytes[end + 1..]),
        _ => (&b"{}"[..], bytes),
    };
    let sidecar = str::from_utf8(sidecar).ok();
    let sidecar = sidecar.and_then(|text| Sidecar::parse("trace.json", text).ok());
    let Some(sidecar) = sidecar else { return };
    let read = |strictness| {
        let columns = Columns::Keep(vec!["service".to_owned()]);
        Trace::parse("orders.csv", text, &sidecar, &Reading { strictness, columns })
    };
    match (read(Strictness::Strict), read(Strictness::Lenient)) {
        (Ok(strict), Ok(lenient)) => assert_eq!(strict, lenient),
        (Err(mistakes), Ok(lenient)) => {
            assert!(!mistakes.is_empty());
            assert_eq!(mistakes, lenient.mistakes);
            assert!(!mistakes.to_string().is_empty());
        }
        (strict, lenient) => assert_eq!(strict, lenient),
    }
});
