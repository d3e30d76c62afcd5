//! Any bytes as a mail, and sound mails whose parts and fields are anybody's: no panic, bounded memory, and what comes out is no more than
//! what went in.
#![no_main]

mod edits;
mod memory;

use connectors::mailed;
use edits::{Edit, edited};
use libfuzzer_sys::fuzz_target;

/// A mail with everything that one may have in it.
const SOUND: &str = "Return-Path: <a@acquirer.example>\r\n\
Received: from m.acquirer.example by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 1\r\n \
for krus.abcdefgh23456723@reports.example; Fri, 27 Nov 2026 20:32:33 +0000 (UTC)\r\n\
X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n\
From: a@acquirer.example\r\nTo: =?utf-8?Q?B=C3=B8ger?= <krus.abcdefgh23456723@reports.example>\r\n\
Subject: =?iso-8859-1?B?QWZyZWduaW5n?=\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=\"outer\"\r\n\r\npreamble\r\n\
--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
--inner\r\nContent-Type: text/plain\r\n\r\nHej\r\n--inner\r\nContent-Type: text/html\r\n\r\n<p>Hej\r\n--inner--\r\n\
--outer\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename*0*=utf-8''afreg%20; filename*1=ning.csv\r\n\
Content-Transfer-Encoding: base64\r\n\r\nYmF0Y2gsZ3Jvc3MNCjEsMTIuNTANCg==\r\n\
--outer\r\nContent-Type: text/csv; name=\"=?utf-8?B?w7hyZS5jc3Y=?=\"\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\r\nBel=F8b;K=\r\n=F8b\r\n\
--outer\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\nContent-Type: text/csv; name=alone.csv\r\n\r\na,b\r\n\
--outer--\r\n";

fuzz_target!(|input: (Option<Vec<u8>>, Vec<Edit>)| {
    let (raw, edits) = input;
    let untouched = raw.is_none() && edits.is_empty();
    let bytes = raw.unwrap_or_else(|| edited(SOUND.as_bytes(), &edits));
    memory::bounded(|| {
        let heading = mailed::heading(&bytes);
        let opened = mailed::open(&bytes);
        if untouched {
            let heading = heading.as_ref().expect("a heading");
            let to = "krus.abcdefgh23456723@reports.example".to_owned();
            assert!(heading.recipients.contains(&to) && heading.found.is_none());
            let names: Vec<&str> =
                opened.as_ref().expect("opened").files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["afreg ning.csv", "\u{f8}re.csv", "alone.csv"]);
        }
        if let Ok(contents) = opened {
            assert!(contents.files.len() <= mailed::MOST_FILES);
            let decoded: usize = contents.files.iter().map(|file| file.bytes.len()).sum();
            assert!(decoded <= mailed::MOST_DECODED);
            for file in contents.files {
                assert!(!file.name.contains(['/', '\\']), "{}", file.name);
            }
        }
    });
});
