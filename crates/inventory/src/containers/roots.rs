//! Where the runtimes keep their state on this machine.
//!
//! Owns the default places and the settings that move them; refuses to search the disk.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::state_file::{ReadFailure, read_json};
use super::trouble::Troubles;

/// What the places of state files are derived from. The default is this machine's root with no running `dockerd` and
/// no user directories.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Prefix of every path; `/` outside tests.
    pub root: PathBuf,
    /// Command lines of running `dockerd` processes, for `--data-root` and `--config-file`.
    pub dockerd: Vec<Vec<String>>,
    /// Users whose own (rootless) containers are looked for.
    pub homes: Vec<Home>,
}

/// A user who may run rootless containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// User id.
    pub uid: u32,
    /// Home directory, absolute.
    pub directory: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { root: PathBuf::from("/"), dockerd: Vec::new(), homes: Vec::new() }
    }
}

/// A place with state files, and whose word they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// The user who can write there; absent for root's own places.
    pub(super) user: Option<u32>,
}

/// A containers/storage root: the lasting part and the part that is lost on reboot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) graph: Place,
    pub(super) run: PathBuf,
}

impl Roots {
    /// An absolute path of the machine as a path below [`Roots::root`].
    pub(super) fn below(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Docker's data roots, the configured ones first.
    pub(super) fn docker(&self, troubles: &mut Troubles) -> Vec<Place> {
        let mut paths = Vec::new();
        let mut settings = Vec::new();
        for command_line in &self.dockerd {
            paths.extend(option_of(command_line, &["--data-root", "--graph", "-g"]));
            settings.extend(option_of(command_line, &["--config-file"]));
        }
        settings.push("/etc/docker/daemon.json".to_owned());
        for file in settings.iter().filter(|file| file.starts_with('/')) {
            let file = self.below(file);
            match read_json(&file) {
                Ok(settings) => {
                    paths.extend(text(&settings, "data-root").or_else(|| text(&settings, "graph")));
                }
                Err(ReadFailure::Absent) => {}
                Err(failure) => troubles.add(&file, &failure, 1),
            }
        }
        paths.extend(["/var/lib/docker", "/var/snap/docker/common/var-lib-docker"].map(str::to_owned));
        let mut places: Vec<Place> = Vec::new();
        for path in paths.iter().filter(|path| path.starts_with('/')) {
            // A dockerd of a user's is told by its data root lying in that user's directory.
            let user =
                self.homes.iter().find(|home| home.uid != 0 && Path::new(path).starts_with(&home.directory));
            push_new(&mut places, Place { path: self.below(path), user: user.map(|home| home.uid) });
        }
        for home in self.homes.iter().filter(|home| home.uid != 0) {
            let path = self.below(home.directory.join(".local/share/docker"));
            push_new(&mut places, Place { path, user: Some(home.uid) });
        }
        places
    }

    /// The containers/storage roots that Podman and CRI-O share (man 5 `containers-storage.conf`).
    pub(super) fn storages(&self) -> Vec<Storage> {
        let mut storages = vec![Storage {
            graph: Place { path: self.below("/var/lib/containers/storage"), user: None },
            run: self.below("/run/containers/storage"),
        }];
        storages.extend(self.homes.iter().filter(|home| home.uid != 0).map(|home| Storage {
            graph: Place {
                path: self.below(home.directory.join(".local/share/containers/storage")),
                user: Some(home.uid),
            },
            run: self.below(format!("/run/user/{}/containers", home.uid)),
        }));
        storages
    }

    /// The task directories of containerd and of the distributions of Kubernetes that bring their own.
    pub(super) fn containerd(&self) -> Vec<PathBuf> {
        [
            "/run/containerd",
            "/run/k3s/containerd",
            "/run/k0s/containerd",
            "/var/snap/microk8s/common/run/containerd",
        ]
        .map(|state| self.below(state).join("io.containerd.runtime.v2.task"))
        .to_vec()
    }

    /// Where machined keeps one file for each registered machine.
    pub(super) fn machines(&self) -> PathBuf {
        self.below("/run/systemd/machines")
    }
}

fn push_new(places: &mut Vec<Place>, place: Place) {
    if places.iter().all(|known| known.path != place.path) {
        places.push(place);
    }
}

fn text(settings: &Value, key: &str) -> Option<String> {
    settings.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Values of an option: `--name value`, `--name=value`, `-n value`, `-nvalue`.
fn option_of(command_line: &[String], names: &[&str]) -> Vec<String> {
    let mut values = Vec::new();
    let mut words = command_line.iter().skip(1);
    while let Some(word) = words.next() {
        for name in names {
            match word.strip_prefix(name) {
                Some("") => values.extend(words.next().cloned()),
                Some(rest) => match rest.strip_prefix('=') {
                    Some(value) => values.push(value.to_owned()),
                    None if !name.starts_with("--") => values.push(rest.to_owned()),
                    None => continue,
                },
                None => continue,
            }
            break;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn docker(roots: &Roots) -> Vec<String> {
        let mut troubles = Troubles::default();
        let places = roots.docker(&mut troubles);
        assert!(troubles.into_unseen().is_empty());
        places
            .iter()
            .map(|place| format!("/{}", place.path.strip_prefix(&roots.root).unwrap().display()))
            .collect()
    }

    #[test]
    fn docker_is_looked_for_where_its_settings_say() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/docker")).unwrap();
        fs::write(root.path().join("etc/docker/daemon.json"), r#"{"data-root": "/srv/docker"}"#).unwrap();
        fs::write(root.path().join("etc/other.json"), r#"{"graph": "/srv/old"}"#).unwrap();
        let line = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let roots = Roots {
            root: root.path().to_owned(),
            dockerd: vec![
                line("dockerd --data-root /a -H fd://"),
                line("dockerd --data-root=/b --config-file /etc/other.json"),
                line("dockerd -g /c --data-rooting /x"),
                line("dockerd -g/d --data-root relative"),
                line("dockerd --data-root"),
            ],
            homes: vec![
                Home { uid: 1000, directory: "/home/ann".into() },
                Home { uid: 0, directory: "/root".into() },
            ],
        };
        let found = docker(&roots);
        assert_eq!(
            found,
            [
                "/a",
                "/b",
                "/c",
                "/d",
                "/srv/old",
                "/srv/docker",
                "/var/lib/docker",
                "/var/snap/docker/common/var-lib-docker",
                "/home/ann/.local/share/docker"
            ]
        );
    }

    #[test]
    fn a_data_root_in_a_home_is_that_users_word() {
        let root = tempfile::tempdir().unwrap();
        let roots = Roots {
            root: root.path().to_owned(),
            dockerd: vec![vec!["dockerd".into(), "--data-root=/home/ann/d".into()]],
            homes: vec![Home { uid: 1000, directory: "/home/ann".into() }],
        };
        let places = roots.docker(&mut Troubles::default());
        assert_eq!(places.first().and_then(|place| place.user), Some(1000));
    }

    #[test]
    fn broken_settings_are_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/docker")).unwrap();
        fs::write(root.path().join("etc/docker/daemon.json"), "{\n  oops").unwrap();
        let roots = Roots { root: root.path().to_owned(), ..Roots::default() };
        let mut troubles = Troubles::default();
        roots.docker(&mut troubles);
        let unseen = troubles.into_unseen();
        assert_eq!(unseen.len(), 1);
        assert!(
            unseen[0].detail.contains("daemon.json") && unseen[0].detail.contains("line 2"),
            "{}",
            unseen[0].detail
        );
    }
}
