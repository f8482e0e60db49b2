//! Small files in, output files out. Each has one way, which is safe in a folder that others can write to.

mod folder;
mod read;
mod write;

pub use folder::{NewFile, OutputFolder, is_plain_path};
pub use read::{TextFile, Trust, list_toml_files, read_bytes, read_file, read_text};
pub use write::{create, replace};
