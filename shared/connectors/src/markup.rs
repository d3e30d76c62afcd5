//! XML, element by element, as a stream: no document type, no entities but the five that every XML has, bounded in depth
//! and in the length of each part.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::characters::{Characters, RecordEnd};
use crate::report::{LONGEST_RECORD, Refusal, Unreadable, refusal};

/// Deepest nesting.
const DEEPEST: usize = 40;
/// Most attributes of one element.
const MOST_ATTRIBUTES: usize = 100;
/// Longest XML declaration that is looked for, in bytes.
const LONGEST_DECLARATION: usize = 512;

/// Names and values of an element's attributes, without name spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The value without spaces around it; empty where the element has no such attribute.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// What the walk comes by.
#[derive(Debug)]
pub enum Node<'a> {
    /// An element begins.
    Open(&'a Attributes),
    /// An element ends; with the text that stood in it since its last child, without spaces around it.
    Close(&'a str),
}

/// The names of the elements from the root to the one that opens or closes, without name spaces.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a>(&'a [String]);

impl Path<'_> {
    /// The element's own name.
    pub fn name(&self) -> &str {
        self.0.last().map(String::as_str).unwrap_or_default()
    }

    /// The name of the element around it.
    pub fn parent(&self) -> &str {
        self.0.len().checked_sub(2).map(|place| self.0[place].as_str()).unwrap_or_default()
    }

    /// True when the path ends with these names.
    pub fn ends_with(&self, names: &[&str]) -> bool {
        self.0.len() >= names.len()
            && self.0[self.0.len() - names.len()..].iter().zip(names).all(|(a, b)| a == b)
    }

    /// True when an element of this name is around the one that opens or closes.
    pub fn is_within(&self, name: &str) -> bool {
        self.0.split_last().is_some_and(|(_, around)| around.iter().any(|element| element == name))
    }

    /// Number of elements from the root, itself included.
    pub fn depth(&self) -> usize {
        self.0.len()
    }
}

/// Walks through a document to its end.
///
/// # Errors
/// [`Unreadable`], also as `each` says. A document that ends before its root does is cut off.
pub fn walk(
    source: &mut dyn Read,
    each: &mut dyn FnMut(Path<'_>, Node<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut start = Vec::new();
    Read::take(&mut *source, LONGEST_DECLARATION as u64).read_to_end(&mut start)?;
    let encoding = declared_encoding(&start)?;
    let mut raw = Cursor::new(start).chain(source);
    let mut characters = Characters::new(&mut raw, encoding, RecordEnd::Parser);
    let start = without_declaration(&mut characters)?;
    let text = Cursor::new(start).chain(characters);
    let mut walk =
        Walk { path: Vec::new(), text: String::new(), attributes: Attributes::default(), done: false };
    let mut reader = quick_xml::Reader::from_reader(Metered {
        inner: BufReader::with_capacity(16 * 1024, text),
        since: 0,
        longest: LONGEST_RECORD,
    });
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().since = 0;
        let event = reader.read_event_into(&mut buffer).map_err(|error| unreadable(&error))?;
        if !walk.take(event, each)? {
            return Ok(());
        }
    }
}

/// Bounds how much the parser takes for one event.
pub(crate) struct Metered<R> {
    pub(crate) inner: R,
    /// Bytes that were taken for the event that is read.
    pub(crate) since: usize,
    /// Most bytes of one event.
    pub(crate) longest: usize,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since > self.longest {
            return Err(refusal("report-record-too-long").with("limit", self.longest).into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.since += count;
        self.inner.consume(count);
    }
}

struct Walk {
    path: Vec<String>,
    text: String,
    attributes: Attributes,
    done: bool,
}

impl Walk {
    /// Takes one event; `false` at the end of the document.
    fn take(
        &mut self,
        event: Event<'_>,
        each: &mut dyn FnMut(Path<'_>, Node<'_>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        match event {
            Event::Start(element) => {
                self.open(&element)?;
                each(Path(&self.path), Node::Open(&self.attributes))?;
            }
            Event::End(_) => {
                each(Path(&self.path), Node::Close(self.text.trim()))?;
                self.path.pop();
                self.text.clear();
                self.done = self.path.is_empty();
            }
            Event::Text(text) => self.add(&text.xml10_content())?,
            Event::CData(text) => self.add(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    Ok(None) => predefined(&reference.xml10_content()).ok_or_else(entity)?,
                    Err(_) => return Err(entity().into()),
                };
                self.add(character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(entity().into()),
            Event::Eof if self.done => return Ok(false),
            Event::Eof => return Err(refusal("report-cut-off").into()),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::Empty(_) => {}
        }
        Ok(true)
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        if self.done || self.path.len() >= DEEPEST {
            return Err(refusal("report-markup"));
        }
        self.path.push(local(element.name().as_ref()));
        self.text.clear();
        self.attributes.0.clear();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|_| refusal("report-markup"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| entity())?;
            if self.attributes.0.len() >= MOST_ATTRIBUTES {
                return Err(refusal("report-markup"));
            }
            self.attributes.0.push((local(attribute.key.as_ref()), value.into_owned()));
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), Refusal> {
        if self.path.is_empty() {
            return if text.trim().is_empty() { Ok(()) } else { Err(refusal("report-markup")) };
        }
        if self.text.len() + text.len() > LONGEST_RECORD {
            return Err(refusal("report-record-too-long").with("limit", LONGEST_RECORD));
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn entity() -> Refusal {
    refusal("report-entity")
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// A name without its name space's prefix.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

fn unreadable(error: &quick_xml::Error) -> Unreadable {
    match error {
        quick_xml::Error::Io(error) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
                Some(refused) => refused.clone().into(),
                None => Unreadable::Interrupted(error.to_string()),
            }
        }
        quick_xml::Error::Syntax(_) => refusal("report-cut-off").into(),
        _ => refusal("report-markup").into(),
    }
}

/// The encoding that the XML declaration names; UTF-8 where there is none.
fn declared_encoding(start: &[u8]) -> Result<&'static encoding_rs::Encoding, Refusal> {
    let declaration = String::from_utf8_lossy(start);
    let Some(declaration) = declaration.trim_start_matches('\u{feff}').strip_prefix("<?xml") else {
        return Ok(encoding_rs::UTF_8);
    };
    let declaration = declaration.split("?>").next().unwrap_or_default();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(encoding_rs::UTF_8) };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let name = quote.and_then(|quote| value[1..].split(quote).next()).unwrap_or_default();
    Characters::encoding(name).ok_or_else(|| {
        refusal("report-encoding")
            .with("encoding", name.chars().take(20).collect::<String>())
            .with("place", 1)
    })
}

/// Takes the XML declaration away, because what comes out of [`Characters`] is UTF-8 whatever it says.
fn without_declaration(characters: &mut Characters<'_>) -> Result<Vec<u8>, Unreadable> {
    let mut start = Vec::new();
    Read::take(&mut *characters, LONGEST_DECLARATION as u64).read_to_end(&mut start)?;
    if !start.starts_with(b"<?xml") {
        return Ok(start);
    }
    match start.windows(2).position(|pair| pair == b"?>") {
        Some(end) => Ok(start.split_off(end + 2)),
        None if start.len() < LONGEST_DECLARATION => Err(refusal("report-cut-off").into()),
        None => Err(refusal("report-markup").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, Unreadable> {
        let mut said = String::new();
        let mut source = bytes;
        walk(&mut source, &mut |path, node| {
            match node {
                Node::Open(attributes) => said.push_str(&format!("<{} {}", path.name(), attributes.get("a"))),
                Node::Close(text) => said.push_str(&format!("{text}>")),
            }
            Ok(())
        })?;
        Ok(said)
    }

    fn code(bytes: &[u8]) -> String {
        match read(bytes) {
            Err(Unreadable::Refused(reason)) => reason.code,
            other => panic!("{other:?} is not refused"),
        }
    }

    #[test]
    fn elements_attributes_and_texts_come_by_in_order() {
        let text = "<?xml version=\"1.0\"?>\n<n:r a='1&amp;2'><b> x &lt;&#230;<![CDATA[<y>]]> </b><c a=\"3\"/></n:r>\n";
        assert_eq!(read(text.as_bytes()).expect("read"), "<r 1&2<b x <æ<y>><c 3>>");
    }

    #[test]
    fn the_declared_encoding_is_kept_to() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r>\xe6</r>";
        assert_eq!(read(latin).expect("read"), "<r æ>");
        assert_eq!(code(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><r>\xe6</r>"), "report-encoding");
        assert_eq!(code(b"<?xml version=\"1.0\" encoding=\"klingon\"?><r/>"), "report-encoding");
        let wide: Vec<u8> = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?><r>æ</r>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&wide).expect("read"), "<r æ>");
    }

    #[test]
    fn tricks_with_entities_are_refused() {
        let laughs = b"<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>";
        assert_eq!(code(laughs), "report-entity");
        assert_eq!(code(b"<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>"), "report-entity");
        assert_eq!(code(b"<r>&xxe;</r>"), "report-entity");
        assert_eq!(code(b"<r a='&xxe;'/>"), "report-entity");
        assert_eq!(code(b"<r>&#0;</r>"), "report-entity");
    }

    #[test]
    fn what_is_cut_or_without_end_is_refused() {
        let whole = b"<r a='1'><b>x</b></r>";
        for end in 1..whole.len() {
            read(&whole[..end]).expect_err("cut off");
        }
        assert_eq!(code(b"<r></r><r></r>"), "report-markup");
        assert_eq!(code(b"<r></b></r>"), "report-markup");
        assert_eq!(code(b"<r></r>x"), "report-markup");
        assert_eq!(code("<a>".repeat(100).as_bytes()), "report-markup");
        assert_eq!(
            code(format!("<r>{}</r>", "x".repeat(LONGEST_RECORD + 1)).as_bytes()),
            "report-record-too-long"
        );
        let comment = format!("<r><!--{}--></r>", " >".repeat(LONGEST_RECORD));
        assert_eq!(code(comment.as_bytes()), "report-record-too-long");
    }
}
