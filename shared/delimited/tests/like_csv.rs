//! What the csv crate reads is what this reads, field for field, in whatever pieces the source comes.

use std::io::{self, Read};

use delimited::{Reader, Style};
use proptest::prelude::*;

/// A source that gives so many bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        let (now, later) = self.0.split_at(count);
        into[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn by_csv(text: &[u8], style: Style) -> Option<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(style.delimiter)
        .quoting(style.quoted)
        .from_reader(text);
    reader.records().map(|record| Some(record.ok()?.iter().map(str::to_owned).collect())).collect()
}

fn by_this(source: impl Read, style: Style) -> Option<Vec<Vec<String>>> {
    let mut reader = Reader::new(source, style);
    let mut records = Vec::new();
    while let Some(record) = reader.read().ok()? {
        assert_eq!(record.len(), record.iter().count());
        assert_eq!(record.get(record.len()), None);
        let fields: Vec<String> = record.iter().map(str::to_owned).collect();
        assert!(fields.iter().enumerate().all(|(number, field)| record.get(number) == Some(field)));
        records.push(fields);
    }
    Some(records)
}

const STYLES: [Style; 4] = [
    Style { delimiter: b',', quoted: true },
    Style { delimiter: b',', quoted: false },
    Style { delimiter: b';', quoted: true },
    Style { delimiter: b'\t', quoted: false },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_read_as_the_csv_crate_reads_it(
        text in "(\u{feff})?([,;\t\"\r\n]|[a-c ø\u{2212}]|\"\"|\r\n|,\"|\",){0,60}",
        piece in 1_usize..9,
    ) {
        for style in STYLES {
            let expected = by_csv(text.as_bytes(), style);
            prop_assert_eq!(by_this(text.as_bytes(), style), expected.clone(), "{:?}", style);
            prop_assert_eq!(by_this(Pieces(text.as_bytes(), piece), style), expected, "{:?} in pieces", style);
        }
    }

    #[test]
    fn any_bytes_are_read_so_or_refused(bytes in prop::collection::vec(prop::sample::select(b",;\"\n\r\xc3\xb8\xff\xefa".to_vec()), 0..40)) {
        for style in STYLES {
            let expected = std::str::from_utf8(&bytes).ok().and_then(|text| by_csv(text.as_bytes(), style));
            prop_assert_eq!(by_this(bytes.as_slice(), style), expected, "{:?}", style);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn what_lies_over_the_edges_of_windows_is_read_so(
        fields in prop::collection::vec("[a-z0-9]{0,9}|\"([a-zæ,\"\n]|\"\"){0,9}\"?|æ{1,3}", 3..40),
        before in 0_usize..70,
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let lines: Vec<String> = fields.chunks(3).map(|fields| fields.join(",")).collect();
        let mut text = "x".repeat(before);
        while text.len() < 140_000 {
            for line in &lines {
                text.push_str(line);
                text.push_str(end);
            }
        }
        for style in STYLES {
            prop_assert!(by_this(text.as_bytes(), style) == by_csv(text.as_bytes(), style), "{style:?}");
        }
    }
}

#[test]
fn lines_are_counted_as_an_editor_shows_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("a,b\n\n\"c\nd\",e\nf\n{}\nlast", "x".repeat(70_000)).replace('\n', end);
        for piece in [1, 7, 1 << 20] {
            let mut reader = Reader::new(Pieces(text.as_bytes(), piece), STYLES[0]);
            let mut lines = Vec::new();
            while let Some(record) = reader.read().expect("sound text") {
                lines.push(record.line());
            }
            assert_eq!(lines, [1, 3, 5, 6, 7], "{end:?}");
        }
    }
}

#[test]
fn a_record_longer_than_a_window_is_read_whole() {
    for length in [65_535, 65_536, 65_537, 300_000] {
        let text = format!("a,{}\n\"{}\",b\nc", "x".repeat(length), "y\"\"".repeat(length));
        assert!(by_this(text.as_bytes(), STYLES[0]) == by_csv(text.as_bytes(), STYLES[0]), "{length}");
    }
}

#[test]
fn after_an_error_nothing_more_comes() {
    struct Broken(u32);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => Ok([b'a', b'\n'].as_slice().read(into).unwrap_or_default()),
                _ => Err(io::Error::other("broken")),
            }
        }
    }
    let mut reader = Reader::new(Broken(0), STYLES[0]);
    assert_eq!(reader.read().expect_err("it is broken").to_string(), "broken");
    assert!(reader.read().expect("the end").is_none());
    let mut reader = Reader::new(&b"a\n\xff\n"[..], STYLES[0]);
    assert_eq!(reader.read().expect_err("no text").kind(), io::ErrorKind::InvalidData);
    assert!(reader.read().expect("the end").is_none());
}
