import { join } from "node:path";
import { debianPackages, type PackagesUnavailable } from "./debian_packages.ts";

/** Programs that build and run container images, unpacked from Debian's packages. */
export interface ContainerTools {
  readonly buildah: string;
  readonly podman: string;
  readonly runc: string;
  readonly conmon: string;
  /** Which images may be used; without this file nothing may (containers-policy.json(5)). */
  readonly policy: string;
  /** What these programs need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The programs, or why they cannot be had on this machine. */
export async function containerTools(): Promise<ContainerTools | PackagesUnavailable> {
  const packages = await debianPackages(["buildah", "podman", "runc"]);
  if ("unavailable" in packages) return packages;
  return {
    buildah: await packages.pathOf("/usr/bin/buildah"),
    podman: await packages.pathOf("/usr/bin/podman"),
    runc: await packages.pathOf("/usr/sbin/runc"),
    conmon: await packages.pathOf("/usr/bin/conmon"),
    policy: await packages.pathOf("/etc/containers/policy.json"),
    env: { LD_LIBRARY_PATH: packages.libraryPath() },
  };
}

/**
 * Options of buildah and podman for a storage of their own below `store`. Images are plain folders
 * there, which works on every file system and inside of containers.
 */
export function storageOptions(store: string): readonly string[] {
  return [
    ...["--root", join(store, "storage")],
    ...["--runroot", join(store, "run")],
    ...["--storage-driver", "vfs"],
  ];
}
