import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["web/**", "build/**", "node_modules/**"] },
    js.configs.recommended,
    {
        files: ["**/*.mjs"],
        languageOptions: {
            ecmaVersion: 2024,
            sourceType: "module",
            globals: { ...globals.node, ...globals.browser },
        },
        rules: {
            eqeqeq: "error",
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            "prefer-const": "error",
        },
    },
];
