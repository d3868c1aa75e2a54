//! Tables as text: columns padded to their widest cell, three blanks between, as kubectl and Helm align them.

use serde_json::Value;

use crate::core::Untrusted;

/// Returns lines of cells with their columns aligned; nothing stands after a line's last text.
pub fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |c: usize| lines.iter().filter_map(|l| l.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for (i, cell) in line.iter().enumerate() {
            text.push_str(cell);
            if i + 1 < line.len() {
                let pad = widths.get(i).copied().unwrap_or(0) + 3 - cell.chars().count();
                text.extend(std::iter::repeat_n(' ', pad));
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Returns rows of a document as a table: for each column its heading and the member that it shows.
pub fn of_rows(rows: &[Value], columns: &[(&str, &str)]) -> String {
    let text = |row: &Value, key: &str| match row.get(key) {
        Some(Value::String(s)) => Untrusted::from(s.as_str()).safe().to_string(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let mut lines = vec![columns.iter().map(|(head, _)| (*head).to_owned()).collect()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|(_, key)| text(row, key)).collect()));
    align(&lines)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_padded_and_texts_of_servers_are_harmless() {
        let rows = [json!({ "a": "x\u{1b}[2J", "b": 1 }), json!({ "a": "long text", "b": null })];
        assert_eq!(of_rows(&rows, &[("A", "a"), ("B", "b")]), "A           B\nx^[[2J      1\nlong text\n");
    }
}
