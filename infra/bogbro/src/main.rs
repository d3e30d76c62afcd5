//! The operator's executable.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bogbro::cli::run().await
}
