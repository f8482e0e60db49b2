//! x
fn main() {
    for _ in 0..5 {
        let t = std::time::Instant::now();
        let (a, b) = frontrunner::evidence::recognisers(&[]);
        println!("{} {} {:?}", a.len(), b.len(), t.elapsed());
    }
}
