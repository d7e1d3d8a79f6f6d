/** The version of pdf.js in this build (vite.config.ts). */
declare const PDFJS_VERSION: string;
