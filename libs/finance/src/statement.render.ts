import { createRequire } from 'node:module';
import pdfMake from 'pdfmake';
import { fontName, paperStatement, type PaperStatement } from './statement.document.js';

const font = createRequire(import.meta.url).resolve('@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf');

/** What a statement says comes from outside: nothing but the font is ever read for it, and nothing is fetched. */
pdfMake.setLocalAccessPolicy((path) => path === font);
pdfMake.setUrlAccessPolicy(() => false);
pdfMake.setFonts({ [fontName]: { normal: font } });

/** The statement as PDF. A thousand lines take half a second of this thread. */
export async function renderStatement(statement: PaperStatement): Promise<Uint8Array> {
  return pdfMake.createPdf(paperStatement(statement)).getBuffer();
}
