/** Dialogs and tabs of the clinic's pages that are fetched a little after the page. */
export { later } from "../../../../shared/ui/later";
