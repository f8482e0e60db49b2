//! Protobuf as it is on the wire: the fields of a message, one after another, borrowed from its bytes.
//!
//! A run of two thousand steps has a hundred thousand of the smallest messages. Nothing is copied and nothing allocated for
//! them, which is why no crate that builds messages does this; what a message means is in [`super::records`].

/// The deepest a varint goes, in bytes.
const VARINT_BYTES: u32 = 10;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValue<'a> {
    /// A whole number, a flag or an enumeration.
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes as they are: no field that is read here has them.
    FixedWidth,
}

impl<'a> FieldValue<'a> {
    /// The bytes, where it holds some.
    pub(super) fn as_bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// The number, where it is one; negative numbers are ten bytes long on the wire, and their own complement here.
    pub(super) fn as_integer(self) -> Option<i64> {
        if let Self::Varint(number) = self {
            Some(number.cast_signed())
        } else {
            None
        }
    }
}

/// The fields of a message in their order. They end at the first one that can't be read.
#[derive(Clone, Debug)]
pub(super) struct MessageFields<'a>(&'a [u8]);

impl<'a> MessageFields<'a> {
    /// The fields of a message.
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        if first < 0x80 {
            self.0 = rest;
            return Some(u64::from(first));
        }
        // Every value stands in field 16, whose number takes two bytes.
        if let Some((&second, rest)) = rest.split_first().filter(|(second, _)| **second < 0x80) {
            self.0 = rest;
            return Some(u64::from(first & 0x7f) | u64::from(second) << 7);
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for place in 0..VARINT_BYTES {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // The tenth byte has one bit to give; what is beyond is lost, as in every reader.
            number |= u64::from(byte & 0x7f).wrapping_shl(7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    #[inline]
    fn take_bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    fn read_field(&mut self) -> Option<(u64, FieldValue<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => FieldValue::Varint(self.varint()?),
            1 => self.take_bytes(8).map(|_| FieldValue::FixedWidth)?,
            2 => {
                let count = self.varint()?;
                FieldValue::Bytes(self.take_bytes(count)?)
            }
            5 => self.take_bytes(4).map(|_| FieldValue::FixedWidth)?,
            // Groups were gone from protobuf before W&B began.
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Iterator for MessageFields<'a> {
    /// The field's number, and what it holds.
    type Item = (u64, FieldValue<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let field = self.read_field();
        if field.is_none() {
            self.0 = &[];
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_wire_type() {
        // Protobuf's own examples: field 1 = 150, field 2 = "testing", field 3 of four bytes, field 4 = -2.
        let message = b"\x08\x96\x01\x12\x07testing\x1d\x01\x02\x03\x04\x20\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        let fields: Vec<_> = MessageFields::new(message).collect();
        let expected = [
            (1, FieldValue::Varint(150)),
            (2, FieldValue::Bytes(b"testing")),
            (3, FieldValue::FixedWidth),
            (4, FieldValue::Varint(u64::MAX - 1)),
        ];
        assert_eq!(fields, expected);
        assert_eq!(fields[3].1.as_integer(), Some(-2));
    }

    #[test]
    fn truncated_or_invalid_fields_end_the_message() {
        for broken in [
            &b"\x12\x07test"[..],
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x",
            b"\x0b\x0c",
            b"\x08",
            &[0x80; 40],
        ] {
            assert_eq!(MessageFields::new(broken).next(), None, "{broken:?}");
        }
        assert_eq!(
            MessageFields::new(b"\x08\x01\x12\x09x").collect::<Vec<_>>(),
            [(1, FieldValue::Varint(1))]
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_terminate(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            // Every field takes a byte at least, and none gives more than there is.
            let fields: Vec<_> = MessageFields::new(&bytes).collect();
            prop_assert!(fields.len() <= bytes.len());
            let held: usize = fields.iter().filter_map(|(_, value)| value.as_bytes()).map(<[u8]>::len).sum();
            prop_assert!(held <= bytes.len());
        }
    }
}
