//! Enumerations of the wire which keep the values they do not know.
//!
//! A kernel newer than this program may send a number nobody has named yet. Such a number must reach the output,
//! so every enumeration made here has an `Unknown` variant that carries it, and converting there and back never
//! changes a value.

/// Declares a wire enumeration over an unsigned integer.
///
/// The result converts from and to the integer, displays each value by the name given after `=>`, and displays a
/// value without a name as `unknown(n)`.
///
/// ```
/// portreeve_wire::wire_enum! {
///     /// Ways to close.
///     pub enum Direction: u8 {
///         /// Nothing more is received.
///         Receive = 1 => "receive",
///         /// Nothing more is sent.
///         Send = 2 => "send",
///     }
/// }
/// assert_eq!(Direction::from(2), Direction::Send);
/// assert_eq!(Direction::from(9), Direction::Unknown(9));
/// assert_eq!(Direction::Unknown(9).value(), 9);
/// assert_eq!(Direction::Receive.to_string(), "receive");
/// ```
#[macro_export]
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $int:ty {
            $($(#[$variant_meta:meta])* $variant:ident = $value:literal => $display:literal),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A value without a name here, kept as it came.
            Unknown($int),
        }

        impl $name {
            /// Every named value, in numeric order of declaration.
            $vis const NAMED: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            #[must_use]
            $vis const fn value(self) -> $int {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Unknown(value) => value,
                }
            }

            /// The field's usual name, or `None` for an unknown value.
            #[must_use]
            $vis const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($display),)*
                    Self::Unknown(_) => None,
                }
            }
        }

        impl From<$int> for $name {
            fn from(value: $int) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<$name> for $int {
            fn from(value: $name) -> Self {
                value.value()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "unknown({})", self.value()),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    wire_enum! {
        /// A test's enumeration.
        pub(super) enum Colour: u16 {
            /// Red.
            Red = 1 => "red",
            /// Blue.
            Blue = 0x0102 => "blue",
        }
    }

    #[test]
    fn every_number_survives_the_way_there_and_back() {
        for value in 0..=u16::MAX {
            assert_eq!(u16::from(Colour::from(value)), value);
        }
    }

    #[test]
    fn names_are_displayed_and_unknown_values_keep_their_number() {
        assert_eq!(format!("{:>5}", Colour::Red), "  red");
        assert_eq!(Colour::Unknown(77).to_string(), "unknown(77)");
        assert_eq!(Colour::Unknown(77).name(), None);
        assert_eq!(Colour::NAMED, &[Colour::Red, Colour::Blue]);
    }
}
