//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(frontrunner::cli::main());
    // Reads that nobody waits for any more must not hold the program back.
    runtime.shutdown_background();
    Ok(code)
}
