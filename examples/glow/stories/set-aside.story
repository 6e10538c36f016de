# What no trigger looks at: our own comments, old videos, a connection that may not read.
story: comments that are set aside
workspace: ../workspace.json

2026-03-21 10:00  id:acct_glow comments on v46: price please
                  not fired: own_comment
      +1m         jess comments on v01: price please
                  not fired: outside_window
      +1m         jess comments on v-unknown: price please
                  fired price-en
                  public: We wrote to you just now
                  bot: Hi jess 🥰 Glow Serum is 590 THB for 30 ml and 890 THB for 50 ml.
                  bot: Which size would you like? [30 ml] [50 ml] [Talk to us]
      +1m         configure connections.tiktok.scopes = ["messages", "posts"]
                  nothing
      +1m         amy_k comments on v46: price please
                  not fired: not_connected
# Without the scope to write, the trigger fires and nothing can be sent.
      +1m         configure connections.tiktok.scopes = ["comments", "posts"]
                  nothing
      +1m         amy_k comments on v46: price please
                  undeliverable price-en
                  public: Check your inbox
                  not counted
