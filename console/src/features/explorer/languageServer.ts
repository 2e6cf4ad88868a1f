// What graphql-language-service takes from vscode-languageserver-types (see vite.config.ts); values of the Language Server
// Protocol 3.17.
export const InsertTextFormat = { PlainText: 1, Snippet: 2 } as const;
export const InsertTextMode = { asIs: 1, adjustIndentation: 2 } as const;
