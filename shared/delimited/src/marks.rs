//! Where in a text something could end: found for many bytes at once.

/// Bytes that are looked at together. Their comparisons become the processor's instructions for many bytes without any being asked
/// for by name.
const TOGETHER: usize = 64;

/// The double quote.
pub(crate) const QUOTE: u8 = b'"';

/// Which bytes are marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    delimiter: u8,
    /// Where quotes mean nothing, a line end once more.
    quote: u8,
}

impl Marks {
    pub(crate) const fn new(delimiter: u8, quoted: bool) -> Marks {
        Marks { delimiter, quote: if quoted { QUOTE } else { b'\n' } }
    }

    /// Adds the places of all marks in the text from `from` on, in their order.
    pub(crate) fn find(self, text: &[u8], from: usize, into: &mut Vec<u32>) {
        let (whole, rest) = text.get(from..).unwrap_or_default().as_chunks::<TOGETHER>();
        let mut place = from;
        for bytes in whole {
            self.note(bytes, place, into);
            place += TOGETHER;
        }
        // The rest is filled up with what is no mark, unless zero is the delimiter: those beyond the end are taken away again.
        let mut last = [0; TOGETHER];
        last[..rest.len()].copy_from_slice(rest);
        self.note(&last, place, into);
        while into.last().is_some_and(|mark| *mark as usize >= text.len()) {
            into.pop();
        }
    }

    fn note(self, bytes: &[u8; TOGETHER], place: usize, into: &mut Vec<u32>) {
        let flags = bytes.map(|byte| {
            u8::from(byte == self.delimiter)
                | u8::from(byte == self.quote)
                | u8::from(byte == b'\n')
                | u8::from(byte == b'\r')
        });
        let mut mask = gathered(&flags);
        // Windows are far smaller than four gigabytes.
        let place = place as u32;
        while mask != 0 {
            into.push(place + mask.trailing_zeros());
            mask &= mask - 1;
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
                    let mut found = Vec::new();
                    Marks::new(delimiter, quoted).find(&text, from, &mut found);
                    assert_eq!(found, expected, "{length} bytes from {from}");
                }
            }
        }
    }
}
