export { type Door, findPackage, listPackages, root, type WorkspacePackage } from './packages.ts';
export { loadPart, type PartKind } from './parts.ts';
