/** The rules of this house that no published rule knows. */

const noExportAll = {
  create(context) {
    return {
      ExportAllDeclaration(node) {
        context.report({
          node,
          message: 'Name what is exported: `export *` publishes whatever a file happens to hold.',
        });
      },
    };
  },
};

/** A client knows core and itself: `packages/<id>/` imports `@wirewright/<id>` and `@wirewright/core` only. */
const noOtherClient = {
  create(context) {
    const own = /packages\/([^/]+)\//.exec(context.filename.replaceAll('\\', '/'))?.[1];
    const inSource = /packages\/[^/]+\/src\//.test(context.filename.replaceAll('\\', '/'));
    const check = (node) => {
      const other = /^@wirewright\/([^/]+)/.exec(node.source?.value ?? '')?.[1];
      if (own === undefined || other === undefined) return;
      if (other === own || other === 'core' || (other === 'tools' && !inSource)) return;
      context.report({ node, message: `A client knows core and itself, never another package; here: ${other}.` });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ImportExpression: check };
  },
};

/** `new Date()` and `Date()` read the clock; `new Date(ms)` and `Date.parse` compute. */
const noCurrentDate = {
  create(context) {
    const check = (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0) {
        context.report({ node, message: 'The time comes from `Ports.clock`.' });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default {
  meta: { name: 'house' },
  rules: { 'no-export-all': noExportAll, 'no-other-client': noOtherClient, 'no-current-date': noCurrentDate },
};
