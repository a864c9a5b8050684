//! Installs the TLS provider and the error reports, then hands over to the command line.

use std::process::ExitCode;

use clap::Parser;
use quarterdeck::cli::{self, Cli};
use quarterdeck::{telemetry, terminal};

fn main() -> color_eyre::eyre::Result<ExitCode> {
    // The only TLS provider; a second install could only come from this same line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    telemetry::install(terminal::release)?;
    cli::dispatch(Cli::parse())
}
