// Who comes to the sign-in page is nobody: pages that a browser keeps for a person alone (caches named private-…) go.
if ("caches" in window) {
  for (const name of await caches.keys()) if (name.startsWith("private-")) await caches.delete(name);
}
