import type { Target } from "./object-store.ts";

/** What a path of the Kubernetes API names; undefined for other paths. */
export function requestTarget(path: string): Target | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return undefined;
  const apiVersion = isCore ? parts[1] : parts.slice(1, 3).join("/");
  const rest = parts.slice(isCore ? 2 : 3);
  const isNamespaced = rest[0] === "namespaces" && rest.length > 2;
  const [plural, name, subresource] = isNamespaced ? rest.slice(2) : rest;
  if (apiVersion === undefined || plural === undefined) return undefined;
  const namespace = isNamespaced ? rest[1] : undefined;
  return { resource: `${apiVersion}/${plural}`, apiVersion, namespace, name, subresource };
}

/** Whether labels fit a selector of equalities and existences. */
export function fitsSelector(labels: Readonly<Record<string, string>>, selector: string | null): boolean {
  return (selector ?? "")
    .split(",")
    .filter((term) => term !== "")
    .every((term) => {
      const [name = "", value] = term.split(/==?/);
      return value === undefined ? name in labels : labels[name] === value;
    });
}
