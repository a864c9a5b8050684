//! Installs the TLS provider and the error reports, then hands over to the command line.

use std::process::ExitCode;

use quarterdeck::actions::catalog;
use quarterdeck::cli::{self, Cli};
use quarterdeck::{telemetry, terminal};

fn main() -> color_eyre::eyre::Result<ExitCode> {
    // The only TLS provider; a second install could only come from this same line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    telemetry::install(terminal::release)?;
    let cli = Cli::read(catalog::SHIPPED, std::env::args_os()).unwrap_or_else(|error| error.exit());
    cli::dispatch(cli)
}
