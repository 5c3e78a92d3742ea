//! Prints where the vendored protobuf compiler lies.

fn main() {
    match protoc_bin_vendored::protoc_bin_path() {
        Ok(path) => println!("{}", path.display()),
        Err(error) => {
            eprintln!("no protobuf compiler for this machine: {error}");
            std::process::exit(1);
        }
    }
}
