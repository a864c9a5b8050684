//! Choices that go by a word: what each means, and how it is written in files and in the store, and read on the screen.

/// An enum whose variants stand beside their words.
macro_rules! worded {
    ($(#[$about:meta])+ pub enum $name:ident { $($(#[$of:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$about])+
        pub enum $name {
            $($(#[$of])+ $variant,)+
        }

        impl $name {
            /// Every one, in the order in which they are declared.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Its word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one of a word; `None` where there is none.
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.word() == word)
            }
        }
    };
}

pub(crate) use worded;
