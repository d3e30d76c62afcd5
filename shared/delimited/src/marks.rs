//! Where in a text something could end: found for many bytes at once.

/// Bytes that are looked at together. Their comparisons become the processor's instructions for many bytes without any being asked
/// for by name.
const TOGETHER: usize = 64;

/// The double quote.
pub(crate) const QUOTE: u8 = b'"';

/// Which bytes are marks, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    delimiter: u8,
    /// Where quotes mean nothing, a line end once more.
    quote: u8,
    /// Where the marks stand that are not used up, in their order.
    pub(crate) places: Vec<u32>,
    /// Which of them are quotes and line ends: before the first of these nothing but delimiters stands.
    pub(crate) breaks: Vec<u32>,
}

impl Marks {
    pub(crate) const fn new(delimiter: u8, quoted: bool) -> Marks {
        let quote = if quoted { QUOTE } else { b'\n' };
        Marks { delimiter, quote, places: Vec::new(), breaks: Vec::new() }
    }

    /// Takes away the first marks and breaks, and so many bytes before the others.
    pub(crate) fn drop_first(&mut self, marks: usize, breaks: usize, bytes: usize) {
        self.places.drain(..marks);
        self.places.iter_mut().for_each(|place| *place -= bytes as u32);
        self.breaks.drain(..breaks);
        self.breaks.iter_mut().for_each(|number| *number -= marks as u32);
    }

    /// Adds all marks in the text from `from` on.
    pub(crate) fn find(&mut self, text: &[u8], from: usize) {
        let (whole, rest) = text.get(from..).unwrap_or_default().as_chunks::<TOGETHER>();
        let mut place = from;
        for bytes in whole {
            self.note(bytes, place);
            place += TOGETHER;
        }
        // The rest is filled up with what is no mark, unless zero is the delimiter: those beyond the end are taken away again.
        let mut last = [0; TOGETHER];
        last[..rest.len()].copy_from_slice(rest);
        self.note(&last, place);
        while self.places.last().is_some_and(|place| *place as usize >= text.len()) {
            self.places.pop();
        }
    }

    fn note(&mut self, bytes: &[u8; TOGETHER], place: usize) {
        let delimiters = gathered(&bytes.map(|byte| u8::from(byte == self.delimiter)));
        let mut breaks =
            gathered(&bytes.map(|byte| {
                u8::from(byte == self.quote) | u8::from(byte == b'\n') | u8::from(byte == b'\r')
            }));
        let mut marks = delimiters | breaks;
        // Windows are far smaller than four gigabytes.
        let (place, before) = (place as u32, self.places.len() as u32);
        while breaks != 0 {
            let lower = (breaks & breaks.wrapping_neg()) - 1;
            self.breaks.push(before + (marks & lower).count_ones());
            breaks &= breaks - 1;
        }
        while marks != 0 {
            self.places.push(place + marks.trailing_zeros());
            marks &= marks - 1;
        }
    }
}

/// One bit for each flag, the first the lowest.
fn gathered(flags: &[u8; TOGETHER]) -> u64 {
    // Each of the eight flags is moved by the multiplication to a bit of its own in the uppermost byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (eights, _) = flags.as_chunks::<8>();
    let bits = eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    bits.enumerate().fold(0, |mask, (number, bits)| mask | bits << (8 * number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_found_wherever_it_stands() {
        for (delimiter, quoted) in [(b',', true), (b';', false), (0, true), (b'\t', true)] {
            for length in [0, 1, 7, 63, 64, 65, 200] {
                let text: Vec<u8> = (0..length)
                    .map(|place: usize| [b'a', delimiter, 0xe6, b'"', b'\r', b'0', b'\n'][place * place % 7])
                    .collect();
                let is_mark = |byte: u8| {
                    byte == delimiter || (quoted && byte == b'"') || byte == b'\n' || byte == b'\r'
                };
                for from in [0, length / 3, length] {
                    let expected: Vec<u32> = (from..length)
                        .filter(|place| is_mark(text[*place]))
                        .map(|place| place as u32)
                        .collect();
                    let mut marks = Marks::new(delimiter, quoted);
                    marks.find(&text, from);
                    assert_eq!(marks.places, expected, "{length} bytes from {from}");
                    let no_delimiter = |number: &u32| text[expected[*number as usize] as usize] != delimiter;
                    let breaks: Vec<u32> = (0..expected.len() as u32).filter(no_delimiter).collect();
                    assert_eq!(marks.breaks, breaks, "{length} bytes from {from}");
                }
            }
        }
    }
}
