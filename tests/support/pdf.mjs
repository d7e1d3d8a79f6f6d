// PDFs of plain pages, made in place: without a table of objects, which readers make themselves.

/** A page for each of `texts`; `said` is how many pages the file says to have. */
export function pdfOf(texts, said = texts.length) {
    const font = "/Resources<</Font<</F 3 0 R>>>>";
    const pages = texts.map((text, n) => {
        const drawn = `BT /F 12 Tf 20 200 Td (${text.replace(/[()\\]/g, "\\$&")}) Tj ET`;
        return (
            `${10 + 2 * n} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 300]${font}/Contents ${11 + 2 * n} 0 R>>endobj\n` +
            `${11 + 2 * n} 0 obj<</Length ${drawn.length}>>stream\n${drawn}\nendstream endobj\n`
        );
    });
    const kids = texts.map((_, n) => `${10 + 2 * n} 0 R`).join(" ");
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" +
        `2 0 obj<</Type/Pages/Count ${said} /Kids[${kids}]>>endobj\n` +
        "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n" +
        `${pages.join("")}trailer<</Root 1 0 R>>\n`
    );
}

/** A page that says `text`, below trees of pages of any shape: `nodes` are what stands in the objects from 10 on. */
export function pdfOfTree(nodes, text) {
    const drawn = `BT /F 12 Tf 20 200 Td (${text}) Tj ET`;
    const tree = nodes.map((node, n) => `${10 + n} 0 obj<</Type/Pages${node}>>endobj\n`);
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 10 0 R>>endobj\n" +
        "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n" +
        "4 0 obj<</Type/Page/MediaBox[0 0 600 300]/Resources<</Font<</F 3 0 R>>>>/Contents 5 0 R>>endobj\n" +
        `5 0 obj<</Length ${drawn.length}>>stream\n${drawn}\nendstream endobj\n` +
        `${tree.join("")}trailer<</Root 1 0 R>>\n`
    );
}
