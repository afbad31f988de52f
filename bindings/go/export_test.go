package bouncer

// ColumnsOf is what makes the columns of remote keys.
var ColumnsOf = columnsOf

// OnBlock has whoever blocks in C for the renewer do so through around. Nobody may wait yet.
func OnBlock(r *TokenRenewer, around func(block func() bool) bool) {
	room := &r.keeper.room
	block := room.block
	room.block = func(ticket uint64) bool {
		return around(func() bool { return block(ticket) })
	}
}
