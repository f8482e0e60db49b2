//! The fields of a protobuf message, borrowed from its bytes.
//!
//! A run of two thousand steps has a hundred thousand small messages, so nothing is copied or
//! allocated for them, as a crate that builds messages would. [`super::records`] knows what the
//! fields mean.

/// The longest varint, in bytes.
const VARINT_BYTES: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValue<'a> {
    /// An integer, a bool or an enum.
    Varint(u64),
    /// Text, bytes or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes, which no field that is read here has.
    FixedWidth,
}

impl<'a> FieldValue<'a> {
    pub(super) fn as_bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// A negative number is a two's complement of ten bytes.
    pub(super) fn as_integer(self) -> Option<i64> {
        if let Self::Varint(number) = self {
            Some(number.cast_signed())
        } else {
            None
        }
    }
}

/// Iterates over the fields of a message, up to the first one that is invalid.
#[derive(Clone, Debug)]
pub(super) struct MessageFields<'a>(&'a [u8]);

impl<'a> MessageFields<'a> {
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
        // Values are in field 16, whose tag takes two bytes.
        if let Some((&second, rest)) = rest.split_first().filter(|(second, _)| **second < 0x80) {
            self.0 = rest;
            return Some(u64::from(first & 0x7f) | u64::from(second) << 7);
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for index in 0..VARINT_BYTES {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // Only one bit of the tenth byte fits; the others are dropped, as in every decoder.
            number |= u64::from(byte & 0x7f).wrapping_shl(7 * index);
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
            // Groups are deprecated, and W&B has none.
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Iterator for MessageFields<'a> {
    /// The number of the field, and its value.
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
        // Protobuf's own examples: field 1 = 150, field 2 = "testing", field 3 of four bytes, field
        // 4 = -2.
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
            // A field takes a byte at least, and its value is within the message.
            let fields: Vec<_> = MessageFields::new(&bytes).collect();
            prop_assert!(fields.len() <= bytes.len());
            let total: usize = fields.iter().filter_map(|(_, value)| value.as_bytes()).map(<[u8]>::len).sum();
            prop_assert!(total <= bytes.len());
        }
    }
}
