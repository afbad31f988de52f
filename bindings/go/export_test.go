package bouncer

// ColumnsOf is what makes the columns of remote keys.
var ColumnsOf = columnsOf
