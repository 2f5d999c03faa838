//! A real Docker daemon with a published port, in a host of the lab with mounts of its own.
//!
//! What Docker leaves behind outside of its own places (a key, cgroup directories) is removed afterwards, as far as it
//! was not there before.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portreeve_lab::{Command, Host, Lab, Output, Process};
use serde_json::Value;

use crate::program::{PATIENCE, document, list, portreeve};

const IMAGE: &str = "portreeve-test-web";
const CONTAINER: &str = "storefront";

/// A running daemon. Dropping it ends the containers through the daemon, then the daemon.
struct Docker {
    host: Host,
    socket: String,
    daemon: Option<Process>,
    created: Vec<PathBuf>,
}

impl Docker {
    fn start(lab: &Lab, host: &Host) -> Self {
        let places = [PathBuf::from("/etc/docker")].into_iter().chain(cgroup_parents());
        let created = places.filter(|place| !place.exists()).collect();
        // A mount point for the private one that takes the daemon's key.
        fs::create_dir_all("/etc/docker").unwrap();
        let scratch = lab.scratch().display();
        let socket = format!("unix://{scratch}/docker.sock");
        let command = Command::new("dockerd")
            .args(["--storage-driver", "vfs", "--config-file", "/etc/docker/none.json", "-H", &socket])
            .args([format!("--data-root={scratch}/data"), format!("--exec-root={scratch}/exec")])
            .args([format!("--pidfile={scratch}/pid"), "--log-level=info".into()])
            .setup(
                "for place in /run /etc/docker /var/lib/docker; do\n\
                 [ ! -d $place ] || mount -t tmpfs tmpfs $place\n\
                 done\n\
                 echo '{}' >/etc/docker/none.json",
            );
        let daemon = host.spawn(command).unwrap();
        let docker = Self { host: host.clone(), socket, daemon: Some(daemon), created };
        docker.daemon.as_ref().unwrap().wait_line("API listen on", 2 * PATIENCE).unwrap();
        docker
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let command = Command::new("docker")
            .args(["-H", &self.socket])
            .args(arguments)
            // The builder of the daemon itself: the other one is a program of its own.
            .env("DOCKER_BUILDKIT", "0")
            .timeout(Duration::from_secs(60));
        self.host.run(command).unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        self.run(arguments).success().unwrap().stdout.trim().to_owned()
    }

    /// An image of nothing but a web server.
    fn build(&self, lab: &Lab) {
        let context = lab.scratch().join("image");
        fs::create_dir(&context).unwrap();
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        fs::copy(busybox.expect("busybox-static is installed"), context.join("busybox")).unwrap();
        let recipe = "FROM scratch\nCOPY busybox /busybox\nCMD [\"/busybox\", \"httpd\", \"-f\", \"-p\", \"80\", \"-h\", \"/\"]\n";
        fs::write(context.join("Dockerfile"), recipe).unwrap();
        self.done(&["build", "--quiet", "--tag", IMAGE, context.to_str().unwrap()]);
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let Some(daemon) = self.daemon.take() else { return };
        let containers = self.run(&["ps", "--all", "--quiet"]).stdout;
        for container in containers.split_whitespace() {
            self.run(&["rm", "--force", container]);
        }
        drop(self.host.run(Command::shell(&format!("kill -TERM {}", daemon.pid()))));
        drop(daemon.wait(PATIENCE));
        drop(daemon);
        // Not recursive: what holds something is not only ours.
        self.created.iter().for_each(|place| drop(fs::remove_dir(place)));
    }
}

/// The directory of Docker's cgroups in every hierarchy.
fn cgroup_parents() -> impl Iterator<Item = PathBuf> {
    let hierarchies = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
    let nested = hierarchies.map(|entry| entry.path()).filter(|path| path.is_dir());
    [PathBuf::from("/sys/fs/cgroup")].into_iter().chain(nested).map(|path| path.join("docker"))
}

#[test]
fn a_published_port_leads_to_its_container() {
    let lab = Lab::new("docker").unwrap();
    let host = lab.host("docker").start().unwrap();
    let docker = Docker::start(&lab, &host);
    docker.build(&lab);
    let id = docker.done(&["run", "--detach", "--name", CONTAINER, "--publish", "8080:80", IMAGE]);
    let format = ["--format", "{{.State.Pid}} {{.NetworkSettings.IPAddress}}"];
    let inspected = docker.done(&["inspect", format[0], format[1], &id]);
    let (pid, address) = inspected.split_once(' ').unwrap();
    let namespace = inode_of(&format!("/proc/{pid}/ns/net"));
    let overview = once_it_listens(&host, namespace);

    let containers = list(&overview, "containers");
    let container = containers.iter().find(|container| container["id"] == *id).expect("it is described");
    assert_eq!(container["runtime"], "docker");
    assert_eq!(container["name"], CONTAINER);
    assert_eq!(container["image"], IMAGE);
    assert_eq!(container["addresses"], serde_json::json!([address]));

    let namespaces = list(&overview, "namespaces");
    let named: Vec<&Value> =
        namespaces.iter().filter(|found| found["id"] == namespace).map(|found| &found["name"]).collect();
    assert_eq!(named, [&serde_json::json!({ "kind": "container", "value": CONTAINER })]);

    let [published] = listeners(&overview, 8080, host.netns_inode())[..] else {
        panic!("one row for the published port: {:#}", overview["listeners"])
    };
    assert_eq!(published["reach"], "all");
    let holders = list(&published["owner"], "holders");
    assert!(!holders.is_empty() && holders.iter().all(|holder| holder["name"] == "docker-proxy"));
    let expected = serde_json::json!({ "address": address, "port": 80, "container": id });
    assert_eq!(published["owner"]["forwards_to"], expected);

    let [inside] = listeners(&overview, 80, namespace)[..] else {
        panic!("one row inside the container: {:#}", overview["listeners"])
    };
    assert_eq!(inside["reach"], "container_internal");
    assert_eq!(inside["owner"]["container"], *id);
    assert_eq!(list(&inside["owner"], "holders")[0]["name"], "busybox");
    told_on_the_terminal(&host, &id);
}

/// Docker reports the container as started before its program listens.
fn once_it_listens(host: &Host, namespace: u64) -> Value {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let overview = document(host, "");
        if !listeners(&overview, 80, namespace).is_empty() {
            return overview;
        }
        assert!(std::time::Instant::now() < deadline, "nothing listens in the container: {overview:#}");
    }
}

fn listeners(overview: &Value, port: u16, namespace: u64) -> Vec<&Value> {
    let wanted = |listener: &&Value| listener["port"] == port && listener["namespace"] == namespace;
    list(overview, "listeners").iter().filter(wanted).collect()
}

fn inode_of(path: &str) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap())
}

fn told_on_the_terminal(host: &Host, id: &str) {
    let who = host.run(portreeve("who 8080")).unwrap();
    assert_eq!(who.code(), Some(0), "{}", who.stderr);
    for part in ["docker-proxy", CONTAINER] {
        assert!(who.stdout.contains(part), "`{part}` in\n{}", who.stdout);
    }
    let text = host.run(portreeve("--width 160")).unwrap().stdout;
    // The proxy's row names the container; a line below it says where the rules send what comes there.
    let row =
        text.lines().find(|line| line.contains("8080/tcp")).unwrap_or_else(|| panic!("a row in\n{text}"));
    assert!(row.contains(CONTAINER), "{row}");
    assert!(text.lines().any(|line| line.trim_start().starts_with("translated to 172.17.")), "{text}");
    // Name and beginning of the id both choose the sockets of the container.
    for container in [CONTAINER, &id[..12]] {
        let chosen = document(host, &format!("sockets -tlp --netns all --container {container}"));
        let ports: Vec<&Value> =
            list(&chosen, "sockets").iter().map(|socket| &socket["local"]["port"]).collect();
        assert_eq!(ports, [80], "--container {container}");
    }
}
