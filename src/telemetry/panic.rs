//! A defect of ours: into the log, and onto a terminal that has been given back.

use std::io::Write;

/// Installs the panic hook. `release` gives the terminal back and does nothing when there is nothing to give back.
///
/// Only a panic of the main thread ends the console. One in a task is caught by its supervisor and becomes a message, so it
/// must leave the screen alone.
///
/// # Errors
/// When a hook for error reports was installed before.
pub fn install(release: fn()) -> color_eyre::eyre::Result<()> {
    let (report, errors) = color_eyre::config::HookBuilder::default().display_env_section(false).into_hooks();
    errors.install()?;
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        tracing::error!(thread = thread.name().unwrap_or("unnamed"), panic = %info, "a defect of Quarterdeck itself");
        if thread.name() == Some("main") {
            release();
            // A panic hook must not panic: a dead standard error is ignored.
            let _ = writeln!(std::io::stderr(), "{}", report.panic_report(info));
        }
    }));
    Ok(())
}
