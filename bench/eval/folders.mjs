/** Where Debian puts the documents of each name that bench/eval/documents.txt begins with; versions differ. */
export const folders = {
    postgresql: ["/usr/share/doc/postgresql-doc-15/html"],
    python: [
        "/usr/share/doc/python3-doc/html",
        "/usr/share/doc/python3.11/html",
        "/usr/share/doc/python3.11-doc/html",
    ],
};
