//! The binary: everything is in the library part.

fn main() -> std::process::ExitCode {
    portreeve_app::main()
}
