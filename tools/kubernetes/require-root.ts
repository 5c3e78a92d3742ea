/** Says what a throwaway cluster needs where it is not given. */
export function requireRootOnLinux(): void {
  if (process.platform !== "linux")
    throw new Error(
      "a throwaway cluster needs Linux: elsewhere name a cluster of yours (kind, minikube, …) by its context",
    );
  if (process.getuid?.() !== 0)
    throw new Error(
      "a throwaway cluster needs root, for containers and their network: use sudo, or name a cluster of yours",
    );
}
