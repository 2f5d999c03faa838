//! Reads a workspace with `cargo metadata` into the [`Graph`] and the list of its packages.
//!
//! Uses declared dependencies, not resolved ones, so that an optional or target-specific edge counts as well, and no
//! network or lock file is needed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand, TargetKind};

use super::{Edge, EdgeKind, Graph};

/// A workspace as the checks see it.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the workspace's manifest.
    pub(crate) root: PathBuf,
    /// The members and their edges.
    pub(crate) graph: Graph,
    /// The members with their places on disk.
    pub(crate) members: Vec<Member>,
}

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// Package name.
    pub(crate) name: String,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
    /// The main files of its binaries.
    pub(crate) binaries: Vec<PathBuf>,
}

/// Runs `cargo metadata` on the manifest.
pub(crate) fn read(manifest: &Path) -> Result<Workspace> {
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .with_context(|| format!("cargo metadata of {} failed", manifest.display()))?;
    let packages = metadata.workspace_packages();
    let mut graph = Graph::default();
    let mut members = Vec::new();
    for package in &packages {
        graph.packages.push(package.name.to_string());
        for dependency in &package.dependencies {
            if !packages.iter().any(|member| member.name.as_str() == dependency.name) {
                continue;
            }
            let kind = match dependency.kind {
                DependencyKind::Normal => EdgeKind::Normal,
                DependencyKind::Build => EdgeKind::Build,
                DependencyKind::Development => EdgeKind::Dev,
                DependencyKind::Unknown => {
                    bail!(
                        "cargo reports an unknown kind of dependency from {} to {}",
                        package.name,
                        dependency.name
                    )
                }
            };
            graph.edges.push(Edge { from: package.name.to_string(), to: dependency.name.clone(), kind });
        }
        let folder = package.manifest_path.parent().context("a manifest without a folder")?;
        let binaries = package.targets.iter().filter(|target| target.kind.contains(&TargetKind::Bin));
        members.push(Member {
            name: package.name.to_string(),
            folder: folder.into(),
            binaries: binaries.map(|target| target.src_path.clone().into()).collect(),
        });
    }
    Ok(Workspace { root: metadata.workspace_root.into(), graph, members })
}
