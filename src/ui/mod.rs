//! What is drawn: themes, text and widgets.
