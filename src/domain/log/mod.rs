//! What containers write: lines with their level and fields, secrets taken out before anything else sees them, kept within a limit of bytes.

mod ask;
mod codes;
mod level;
mod line;
mod mask;
mod ring;

pub use ask::{LogAsk, LogNews, Since, Standing};
pub use codes::without_codes;
pub use level::Level;
pub use line::{Line, Origin};
pub use mask::{BadPattern, Mask};
pub use ring::Ring;
