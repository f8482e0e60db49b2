//! The `frontrunner` binary.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    if frontrunner::cli::answer_shell() {
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(frontrunner::cli::main());
    // Don't wait for abandoned reads.
    runtime.shutdown_background();
    Ok(code)
}
