//! Edits of sound bytes, which go deeper than any bytes would: shared by the targets that know what is sound.

/// A place, what is done there, and a byte.
pub(crate) type Edit = (u16, u8, u8);

/// Most edits of one input.
const MOST: usize = 64;

/// Sound bytes with bytes put over, put in or taken out.
pub(crate) fn edited(sound: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for (place, how, byte) in edits.iter().take(MOST) {
        let place = usize::from(*place) % bytes.len().max(1);
        match how % 4 {
            0 if place < bytes.len() => bytes[place] = *byte,
            1 => bytes.insert(place, *byte),
            2 => bytes.truncate(place),
            _ if place < bytes.len() => drop(bytes.remove(place)),
            _ => {}
        }
    }
    bytes
}
